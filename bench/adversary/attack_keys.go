package adversary

// The names of fields that the rule looks for, and values under them.
var (
	_ = register(attack{name: "names of fields", units: func(t *target) (units [][]byte) {
		for _, key := range t.rule.Keys[:min(len(t.rule.Keys), most)] {
			units = append(units, []byte(key+"="), []byte(`"`+key+`":"`), []byte(key+" "))
		}
		return units
	}})
	_ = register(attack{name: "field: run of a class", keyed: true, units: func(t *target) (units [][]byte) {
		for _, class := range t.classes {
			units = append(units, run(t.Rand, class, 4*reach), class[:1])
		}
		return units
	}})
	_ = register(attack{name: "field: longest matches cut short by a byte", keyed: true, units: func(t *target) [][]byte {
		return t.derived(longest, 1, 4)
	}})
)
