"""The main job, end to end: collect, features, datasets, SFT, DPO, evaluation, answers, report."""
