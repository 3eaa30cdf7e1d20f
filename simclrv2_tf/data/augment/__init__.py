"""How a view is made: crop, flip, colour distortion, blur."""
