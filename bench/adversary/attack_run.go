package adversary

// Long runs of what the pattern repeats, alone and after what it begins with.
var (
	_ = register(attack{name: "run of a class", units: func(t *target) (units [][]byte) {
		for _, class := range t.classes {
			units = append(units, run(t.Rand, class, 4*reach), class[:1])
		}
		return units
	}})
	_ = register(attack{name: "run of a class after a literal", units: func(t *target) (units [][]byte) {
		for _, literal := range t.literals {
			for _, class := range t.classes {
				units = append(units, join(literal, run(t.Rand, class, reach), []byte(" ")))
			}
		}
		return units
	}})
	_ = register(attack{name: "literals in a run of a class", units: func(t *target) (units [][]byte) {
		for _, class := range t.classes {
			var unit []byte
			for _, literal := range t.literals {
				unit = join(unit, literal, run(t.Rand, class, 1+len(literal)))
			}
			units = append(units, unit)
		}
		return units
	}})
)
