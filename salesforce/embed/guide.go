package embed

import "fmt"

// Guide is how an admin installs the package and admits people to it. Steps
// are sentences to show as a numbered list.
type Guide struct {
	// URL is the page that the first step opens.
	URL   string
	Steps []string
}

// Where an admin who has not connected an org installs a package.
const (
	Production = "https://login.salesforce.com"
	Sandbox    = "https://test.salesforce.com"
)

// InstallGuide returns the steps of a first installation: for admins only, so
// that nobody meets a half-configured tab, and then for everybody who needs
// it. where is Production, Sandbox, or the address of an org.
func (p Package) InstallGuide(where string) (Guide, error) {
	url, err := p.installURL(where)
	if err != nil {
		return Guide{}, err
	}
	g := Guide{URL: url, Steps: []string{
		"Sign in as a Salesforce administrator on the page that opens.",
	}}
	if p.Key {
		g.Steps = append(g.Steps, "Type the installation key that you were given.")
	}
	g.Steps = append(g.Steps,
		"Choose Install for Admins Only, so that nobody sees the app before it is set up.",
		"Approve the third-party access that the page lists, and wait for the confirmation; Salesforce may send it by e-mail.",
		"Open the app's tab yourself and check that it works.",
		"Then admit the others: in Salesforce Setup open Permission Sets, choose the package's permission set, Manage Assignments, and add the users.",
		"Where the package brings a connected app, open Setup, Connected Apps, Manage Connected Apps, and admit the same permission set there.",
	)
	return g, nil
}

// UpgradeGuide returns the steps of an update to the latest version. It keeps
// the settings and who is admitted.
func (p Package) UpgradeGuide(where string) (Guide, error) {
	url, err := p.installURL(where)
	if err != nil {
		return Guide{}, err
	}
	g := Guide{URL: url, Steps: []string{"Sign in as a Salesforce administrator on the page that opens."}}
	if p.Key {
		g.Steps = append(g.Steps, "Type the installation key that you were given.")
	}
	g.Steps = append(g.Steps,
		fmt.Sprintf("Choose the same users as before and press Upgrade; the new version is %s.", p.Latest),
		"Give the package's permission set the new fields and pages if the release notes name any.",
	)
	return g, nil
}

func (p Package) installURL(where string) (string, error) {
	switch where {
	case Production:
		return InstallURL(p.Latest.ID)
	case Sandbox:
		return SandboxInstallURL(p.Latest.ID)
	}
	site, err := SiteOf(where)
	if err != nil {
		return "", err
	}
	return site.Install(p.Latest.ID)
}
