"""Fine-tuning: the loss falls, and 8 bits get back what rounding lost."""

from __future__ import annotations

import numpy as np
import pytest

from snnvae.program import Precision
from snnvae.train.network.fine_tune import Course, FineTuning, Lesson
from tests.train.network.test_run import NETS, OPTIONS, STEPS
