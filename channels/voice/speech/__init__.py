"""Speech: engines that speak words, what was spoken before, and recordings."""
