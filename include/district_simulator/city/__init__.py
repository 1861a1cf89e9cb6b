"""The simulated city platform (市公共信用信息平台): a service with rules, registry and memory of its own."""
