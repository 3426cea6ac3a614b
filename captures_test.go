package orglink_test

import (
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// capturesTested names, for each recorded answer that concerns the client, a
// test that asserts what it says: by file, or by folder where one test has a
// table of all its files.
var capturesTested = map[string]string{
	"query":                               "salesforce.TestCapturedQueries",
	"describe":                            "salesforce.TestCapturedDescribes",
	"errors":                              "salesforce.TestCapturedErrors",
	"bulk2":                               "salesforce/bulk.TestRecordedJobs",
	"bulk2/amp-failedResults.csv":         "salesforce/bulk.TestRecordedFailedResults",
	"bulk2/onyx-account-query-result.csv": "salesforce/bulk.TestRecordedQueryResult",
	"bulk1":                               "salesforce/bulk.TestRecordedBulk1",
	"collections":                         "salesforce.TestCapturedCollectionsInBothDirections",
	"collections/amp-create-success.json": "salesforce.TestCapturedCollections",
	"collections/amp-create-allornone-rollback.json": "salesforce.TestCapturedCollections",
	"collections/amp-update-missing-ids.json":        "salesforce.TestCapturedCollections",
	"composite":                              "salesforce.TestCapturedComposites",
	"errors/cci-count-composite-errors.json": "salesforce.TestCapturedComposites",
	"crud":                                   "salesforce.TestCapturedSingleWrites",
	"crud/amp-create-ok.json":                "salesforce.TestCapturedSmallAnswers",
	"describeGlobal":                         "salesforce.TestCapturedGlobalDescribes",
	"getUpdatedDeleted":                      "salesforce.TestCapturedVersionsAndDeleted",
	"identity":                               "salesforce.TestCapturedIdentity",
	"limits/nango-limits.json":               "salesforce.TestCapturedLimits",
	"limits/nango-batch-limits-v57.json":     "salesforce.TestCapturedComposites",
	"limits/cci-recordcount.json":            "salesforce.TestCapturedSmallAnswers",
	"quickactions":                           "salesforce.TestCapturedSmallAnswers",
	"recent":                                 "salesforce.TestCapturedSearches",
	"record":                                 "salesforce.TestCapturedRecords",
	"record/snowfakery-soql.json":            "salesforce.TestCapturedSmallAnswers",
	"record/swiftly-account.json":            "salesforce.TestCapturedSmallAnswers",
	"search":                                 "salesforce.TestCapturedSearches",
	"seed/jsforce-Account_bulk2_test.csv":    "salesforce/bulk.TestRecordedUploadWithLineBreaks",
	"token/restforce-auth-error.json":        "salesforce.TestCapturedSmallAnswers",
	"token/restforce-refresh-success.json":   "salesforce.TestCapturedSmallAnswers",
	"token/vcr-restforce-db-token-only.json": "salesforce/salesforcetest.TestCapturedToken",
	"tooling":                                "salesforce.TestCapturedToolingQueries",
	"versions":                               "salesforce.TestCapturedOddVersions",
}

// TestEveryCaptureIsAsserted holds the table to the recordings and to the tree:
// a recording that arrives without a test is noticed.
func TestEveryCaptureIsAsserted(t *testing.T) {
	for name, test := range capturesTested {
		folder, function, _ := strings.Cut(test, ".")
		source := testsOf(t, folder)
		if !strings.Contains(source, "func "+function+"(") {
			t.Errorf("%s: there is no %s in the tests of %s", name, function, folder)
		}
		if path.Ext(name) != "" && !strings.Contains(source, path.Base(name)) {
			t.Errorf("%s: %s does not name it", name, folder)
		}
	}
	root := os.Getenv("ORGLINK_CAPTURES")
	if root == "" {
		t.Skip("ORGLINK_CAPTURES names no folder of recorded answers")
	}
	files, err := filepath.Glob(filepath.Join(root, "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	concerned := map[string]bool{}
	for name := range capturesTested {
		concerned[strings.Split(name, "/")[0]] = true
	}
	all := testsOf(t, "salesforce") + testsOf(t, "salesforce/bulk") + testsOf(t, "salesforce/salesforcetest")
	for _, file := range files {
		folder, name := filepath.Base(filepath.Dir(file)), filepath.Base(file)
		if !concerned[folder] || folder == "seed" {
			continue
		}
		if capturesTested[folder] == "" && capturesTested[folder+"/"+name] == "" {
			t.Errorf("no test is named for %s/%s", folder, name)
		}
		if !strings.Contains(all, name) {
			t.Errorf("no test of the client names %s/%s", folder, name)
		}
	}
}
