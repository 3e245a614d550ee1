"""Who thinks? Model endpoints, with retries, a meter and a reply cache."""
