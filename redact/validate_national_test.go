package redact

import (
	"fmt"
	"testing"
)

// nationalVectors are numbers that the authorities or descriptions of the checks
// publish as specimens.
var nationalVectors = map[string][]string{
	"at-svnr": {"1237 010180"}, "be-nrn": {"85.07.30-033.28"}, "bg-egn": {"6101057509"}, "ch-ahv": {"756.9217.0769.85"},
	"cz-rc": {"710319/2745"}, "de-idnr": {"86095742719", "47036892816", "65929970489"}, "de-svnr": {"15 070649 C 103"},
	"dk-cpr": {"211062-5629"}, "baltic": {"37605030299", "38703181745"}, "es-dni": {"12345678Z", "X-1234567-L", "54362315K"},
	"es-nuss": {"281234567840"}, "fi-hetu": {"131052-308T"}, "fr-nir": {"2 95 10 99 126 111 93"}, "fr-nif": {"30 23 217 600 053"},
	"fr-siret": {"732 829 320 00074", "732829320"}, "gb-nhs": {"943 476 5919"}, "gr-afm": {"094259216"}, "gr-amka": {"01013099997"},
	"hr-oib": {"33392005961"}, "ie-pps": {"6433435F"}, "is-kt": {"450401-3150"}, "it-cf": {"RCCMNL83S18D969H"},
	"it-vat": {"00743110157"}, "emso": {"0101006500006"}, "lv-pk": {"161175-19997"}, "nl-bsn": {"111222333"},
	"no-fnr": {"15108695088"}, "pl-pesel": {"44051401359"}, "pl-nip": {"856-734-62-15"}, "pl-regon": {"192598184"},
	"pt-nif": {"501964843"}, "ro-cnp": {"1630615123457"}, "ru-inn": {"7707083893", "500100732259"}, "ru-snils": {"112-233-445 95"},
	"se-pnr": {"811228-9874", "198112289874"}, "tr-tckn": {"17291716060"}, "ua-rnokpp": {"1759013776"}, "lu-nin": {"1893120105732"},
	"au-abn": {"51 824 753 556"}, "au-acn": {"004 085 616"}, "au-tfn": {"123 456 782"}, "au-medicare": {"2123 45670 1"},
	"ar-cuit": {"20-26756539-3"}, "br-cpf": {"111.444.777-35", "390.533.447-05"}, "br-cnpj": {"16.727.230/0001-97"}, "ca-sin": {"130 692 544"},
	"cl-rut": {"12.531.909-2"}, "cn-ric": {"11010519491231002X"}, "co-nit": {"213.123.432-1"}, "do-cedula": {"001-1391820-5"},
	"ec-ci": {"1714307103"}, "hk-id": {"A123456(3)"}, "in-aadhaar": {"2341 2341 2346"}, "in-gstin": {"27AAPFU0939F1ZV"},
	"il-id": {"039337423"}, "ir-id": {"0499370899"}, "kr-rrn": {"971013-9019902"}, "kr-brn": {"116-81-19948"},
	"mx-curp": {"BOXW310820HNERXN09"}, "nz-ird": {"49-091-850", "136410132"}, "pe-ruc": {"20512333797"}, "sg-nric": {"S1234567D", "G1612345K"},
	"th-id": {"1-2345-45678-78-1"}, "tw-id": {"A123456789"}, "us-aba": {"021000021"}, "us-npi": {"1234567893"},
	"us-dea": {"BB1388568"}, "uy-ci": {"1.234.567-2"}, "ve-rif": {"V-11470283-4"}, "vin": {"1M8GDM9AXKP042788"}, "za-id": {"7503305044089"},
	"jp-my": {"123456789018"}, "hu-taj": {"111111110"}, "hu-tax": {"8071592153"}, "md-idnp": {"2004031016418"},
	"kz-iin": {"960924350198"}, "ae-eid": {"784-1234-1234567-2"}, "sa-id": {"1000000008"}, "kw-civil": {"288010112343"}, "ng-nin": {"12345678902"}, "gt-cui": {"2598134510101"},
}

func TestNationalVectors(t *testing.T) {
	for name := range nationalChecks {
		if len(nationalVectors[name]) == 0 {
			t.Errorf("%s: no vector", name)
		}
	}
	for name, vectors := range nationalVectors {
		v, err := parseValidator("national:" + name)
		if err != nil {
			t.Error(err)
			continue
		}
		for _, vector := range vectors {
			if !v.Valid([]byte(vector)) {
				t.Errorf("national:%s rejects %s", name, vector)
			}
		}
	}
}

// Of the ten numbers that differ in one digit from a valid one, the check rejects
// nearly all.
func TestNationalRejectsOneDigit(t *testing.T) {
	for name, vectors := range nationalVectors {
		check, err := parseValidator("national:" + name)
		if err != nil {
			t.Fatal(err)
		}
		for _, vector := range vectors {
			tried, passed := 0, 0
			for i := range len(vector) {
				for d := byte('0'); d <= '9'; d++ {
					if !isDigit(vector[i]) || vector[i] == d {
						continue
					}
					tried++
					if check.Valid([]byte(vector[:i] + string(d) + vector[i+1:])) {
						passed++
					}
				}
			}
			if 5*passed > 2*tried {
				t.Errorf("national:%s accepts %d of %d neighbours of %s", name, passed, tried, vector)
			}
		}
	}
}

func TestNationalStandsAnything(t *testing.T) {
	for name := range nationalChecks {
		v, err := parseValidator("national:" + name)
		if err != nil {
			t.Fatal(err)
		}
		for n := range 25 {
			for _, c := range []string{"0", "9", "A", "Z", "-", "+", "é"} {
				text := ""
				for range n {
					text += c
				}
				v.Valid([]byte(text))
				v.Valid([]byte("1" + text))
				v.Valid([]byte(text + "1"))
				v.Valid(fmt.Appendf(nil, "%s1234567890", text))
			}
		}
	}
	if _, err := parseValidator("national:xx"); err == nil {
		t.Error("national:xx is accepted")
	}
}
