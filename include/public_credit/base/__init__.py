"""What everything stands on: settings, connections, messages, faults, YAML. Imports nothing above it."""
