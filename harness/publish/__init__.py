"""Run records in the registries of others. Each destination is one file; its library is loaded when it is used."""
