"""The catalogue: record kinds, units and their datasets, receivers, limits."""

from .load import Catalogue, CatalogueError, Problem, dataset_of, load_catalogue, read
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
    "dataset_of",
    "load_catalogue",
    "read",
]
