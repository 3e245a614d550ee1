"""Where does learned code run? The only place that executes it."""
