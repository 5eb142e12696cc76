"""The fictional town of Vzorov: its drawing, its people and what they said, made anew from one seed."""
