"""Who may do what: tokens, sign-ins of browsers, and the rule of each route."""
