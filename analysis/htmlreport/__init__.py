"""The comparison as one HTML page: no network, readable without JavaScript, with figures to explore."""
