"""The catalogue: record kinds, units and their datasets, receivers, limits."""

from .load import Catalogue, CatalogueError, Problem, load_catalogue, read
from .models import Dataset, Field, Kind, Receiver, Unit

__all__ = [
    "Catalogue",
    "CatalogueError",
    "Dataset",
    "Field",
    "Kind",
    "Problem",
    "Receiver",
    "Unit",
    "load_catalogue",
    "read",
]
