
nothing lost