"""Layers of PyTorch models: which can be taken out, and the model without some of them."""
