"""How results leave the house: pictures, rasters, contours and the standalone map."""
