"""From files as they lie to rows in our columns: one way for events, catalogue and users."""
