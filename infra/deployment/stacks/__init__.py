"""What is deployed together: the data that must outlive everything, and the services that come and go."""
