"""Other tools and other traffic: HAR files, schemathesis, Locust, clients of the API."""
