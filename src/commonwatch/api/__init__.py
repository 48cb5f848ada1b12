"""The API: composes the routes of the rooms into one OpenAPI document. No route of its own."""
