"""What a recipe is made from: facts, and the values that rules choose."""
