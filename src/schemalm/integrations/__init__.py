"""Drop-ins for other projects: their names, thin over the product's own parts. Nothing else imports this room."""
