"""What is normal: mean and standard deviation from the samples of a topic or a file, and what each pair would flag."""
