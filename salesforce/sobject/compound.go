package sobject

import (
	"encoding/json"
	"fmt"
)

// Address is a compound address field, such as BillingAddress. Parts that are
// null, or that the org does not have (state and country codes), are nil.
type Address struct {
	Street      *string `json:"street"`
	City        *string `json:"city"`
	State       *string `json:"state"`
	StateCode   *string `json:"stateCode"`
	PostalCode  *string `json:"postalCode"`
	Country     *string `json:"country"`
	CountryCode *string `json:"countryCode"`
	// Latitude and Longitude are in degrees, as exact decimal text.
	Latitude        *json.Number `json:"latitude"`
	Longitude       *json.Number `json:"longitude"`
	GeocodeAccuracy *string      `json:"geocodeAccuracy"`
}

// Location is a compound geolocation field: degrees as exact decimal text.
type Location struct {
	Latitude  json.Number `json:"latitude"`
	Longitude json.Number `json:"longitude"`
}

// Address returns a compound address.
func (v Value) Address() (Address, error) {
	var a Address
	return a, v.compound(&a, "an address")
}

// Location returns a compound geolocation.
func (v Value) Location() (Location, error) {
	var at struct{ Latitude, Longitude *json.Number }
	if err := v.compound(&at, "a location"); err != nil {
		return Location{}, err
	}
	if at.Latitude == nil || at.Longitude == nil {
		return Location{}, fmt.Errorf("%s is not a location with latitude and longitude", clip(v.text))
	}
	return Location{*at.Latitude, *at.Longitude}, nil
}

func (v Value) compound(into any, what string) error {
	if v.kind != JSON {
		return v.mismatch(JSON)
	}
	if err := json.Unmarshal([]byte(v.text), into); err != nil {
		return fmt.Errorf("%s is not %s: %w", clip(v.text), what, err)
	}
	return nil
}

// Address returns a compound address field.
func (r Record) Address(name string) (Address, error) { return get(r, name, Value.Address) }

// Location returns a compound geolocation field.
func (r Record) Location(name string) (Location, error) { return get(r, name, Value.Location) }
