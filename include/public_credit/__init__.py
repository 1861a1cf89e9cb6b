"""public-credit-warehouse: 公共信用信息 from a district's departments to the city platform."""

__version__ = "0.1.0"
