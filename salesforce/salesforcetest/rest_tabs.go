package salesforcetest

import (
	"net/http"
	"strings"
)

type tab struct {
	Colors      []tabColor `json:"colors"`
	Custom      bool       `json:"custom"`
	IconURL     string     `json:"iconUrl"`
	Icons       []tabIcon  `json:"icons"`
	Label       string     `json:"label"`
	MiniIconURL string     `json:"miniIconUrl"`
	Name        string     `json:"name"`
	SObjectName string     `json:"sobjectName"`
	URL         string     `json:"url"`
}

type tabColor struct {
	Color   string `json:"color"`
	Context string `json:"context"`
	Theme   string `json:"theme"`
}

type tabIcon struct {
	ContentType string `json:"contentType"`
	Height      int    `json:"height"`
	Theme       string `json:"theme"`
	URL         string `json:"url"`
	Width       int    `json:"width"`
}

// tabs lists a tab for each object that has a page layout and that the user may
// see (REST guide, "Get Tabs").
func (c *call) tabs() answer {
	d, err := c.s.org.DescribeGlobal(c.user, c.describeOptions())
	if err != nil {
		return c.refusal(err)
	}
	out := []tab{}
	for _, o := range d.SObjects {
		if !o.Layoutable || !o.MruEnabled || o.KeyPrefix == nil {
			continue
		}
		icon := strings.ToLower(strings.TrimSuffix(o.Name, "__c"))
		name := "standard-" + o.Name
		if o.Custom {
			icon, name = "custom", o.Name
		}
		img := c.s.URL + "/img/icon/"
		out = append(out, tab{
			Colors:  []tabColor{{"6f7ccb", "primary", "theme4"}, {"236FBD", "primary", "theme3"}},
			Custom:  o.Custom,
			IconURL: img + icon + "32.png",
			Icons: []tabIcon{
				{"image/png", 32, "theme3", img + icon + "32.png", 32},
				{"image/png", 16, "theme3", img + icon + "16.png", 16},
				{"image/svg+xml", 0, "theme4", img + "t4/standard/" + icon + ".svg", 0},
			},
			Label: o.LabelPlural, MiniIconURL: img + icon + "16.png", Name: name, SObjectName: o.Name,
			URL: c.s.URL + "/" + *o.KeyPrefix + "/o",
		})
	}
	return jsonAnswer(http.StatusOK, out)
}
