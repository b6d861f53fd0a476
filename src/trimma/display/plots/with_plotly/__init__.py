"""Pictures as interactive figures of plotly, which is imported when the first is drawn."""
