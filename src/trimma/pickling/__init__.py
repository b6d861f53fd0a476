"""The user's code and objects, in a form in which other processes can use them."""
