"""Fine-tuning by LoRA, and turning its result into something that can be served."""
