"""The commands of `evolve`, grouped by what a person wants to do."""
