"""What happens to children: who comes, with what need, and how each case runs, by the laws of a population."""
