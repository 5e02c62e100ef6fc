"""What tells the world: webhooks, e-mail, MQTT and web push. A carrier takes a message and says what became of it."""
