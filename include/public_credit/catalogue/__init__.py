"""The catalogue: record kinds, units and their datasets, receivers, limits."""

from .load import Catalogue, CatalogueError, LeftOut, dataset_of, load_catalogue, read
from .models import Dataset, Field, Kind, Receiver, Unit
from .source import Problem

__all__ = [
    "Catalogue",
    "CatalogueError",
    "Dataset",
    "Field",
    "Kind",
    "LeftOut",
    "Problem",
    "Receiver",
    "Unit",
    "dataset_of",
    "load_catalogue",
    "read",
]
