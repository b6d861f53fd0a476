"""Pictures as images for papers, drawn by matplotlib, which is imported when the first is drawn."""
