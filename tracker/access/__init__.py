"""Who may do what: tokens, sessions, and the rule of each route."""
