"""From raw deliveries to interests as data: the events contract, long-term histories, recent windows."""
