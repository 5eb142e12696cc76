"""The officials of a town: roles and invitations."""
