"""Panel models of a health score: means by wave, baseline-adjusted and fixed-effects contrasts."""

from evalkit.panel.ancova import ancova
from evalkit.panel.fixed_effects import fixed_effects
from evalkit.panel.wave_means import wave_means

__all__ = ["ancova", "fixed_effects", "wave_means"]
