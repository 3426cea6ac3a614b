package embed

import (
	"fmt"
	"net/url"

	"github.com/orglink/orglink/salesforce/sobject"
)

// InstallURL links to the page where the admin of a production or Developer
// Edition org installs a package version, whose id begins with 04t. An
// installation key is typed there and is never part of a link.
func InstallURL(version sobject.ID) (string, error) {
	return installURL("https://login.salesforce.com", version)
}

// SandboxInstallURL is InstallURL for sandboxes.
func SandboxInstallURL(version sobject.ID) (string, error) {
	return installURL("https://test.salesforce.com", version)
}

func installURL(host string, version sobject.ID) (string, error) {
	id, err := sobject.ParseID(string(version))
	if err != nil || id.Prefix() != "04t" {
		return "", fmt.Errorf("embed: install link: %q is no package version; its id begins with 04t", clip(string(version)))
	}
	return host + "/packaging/installPackage.apexp?p0=" + url.QueryEscape(string(id)), nil
}
