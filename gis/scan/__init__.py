"""Reading photos of paper sheets: arrays in, small frozen results or a `Failure` out; each module is one step."""
