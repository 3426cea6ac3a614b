package standard

import "github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"

var contentVersion = object{
	def: engine.Object{Name: "ContentVersion", Label: "Content Version", LabelPlural: "Content", KeyPrefix: "068", Searchable: true, NoDelete: true, NoUndelete: true, NoReplicate: true, NoRecent: true},
	fields: `
ContentDocumentId reference cyx ContentDocument ID -> ContentDocument ContentDocument/ContentVersions!
IsLatest boolean ry Is Latest
ContentUrl url:1300 cuyg Content URL
ContentBodyId reference cy Content Body ID -> ContentBody ContentBody/
VersionNumber string:20 ry Version Number
Title string:255 cu!yni Title
Description textarea:1000 cuyg Description
ReasonForChange string:1000 cuyg Reason For Change
SharingOption picklist:40 cu!yR Prevent others from sharing and unsharing = *A=Allowed|R=Restricted
SharingPrivacy picklist:40 cu!yR File Privacy on Records = *N=Visible to Anyone With Record Access|P=Private on Records
PathOnClient string:500 cyg Path On Client
RatingCount int:9 ry Rating Count
IsDeleted boolean r Is Deleted
ContentModifiedDate datetime cy Content Modified Date
ContentModifiedById reference ry User ID -> User ContentModifiedBy/
PositiveRatingCount int:9 ry Positive Rating Count
NegativeRatingCount int:9 ry Negative Rating Count
FeaturedContentBoost int:9 ry Featured Content Boost
FeaturedContentDate date ry Featured Content Date
OwnerId reference cu!ye Owner ID -> User Owner/
%system
TagCsv textarea:2000 cuy Tags
FileType string:20 r!y File Type
PublishStatus picklist:40 r!yR Publish Status = P=Public|+R=Personal Library|U=Upload Interrupted
VersionData base64 cuy Version Data
ContentSize int:9 ry Size
FileExtension string:40 ry File Extension
FirstPublishLocationId reference cy First Publish Location ID -> ` + linkTargets + ` FirstPublishLocation/
Origin picklist:40 c!yR Content Origin = C=Content|*H=Chatter
ContentLocation picklist:40 c!yR Content Location = *S=Salesforce|E=External|L=Social Customer Service
TextPreview string:255 ry Text Preview
ExternalDocumentInfo1 string:1000 cuyg External Document Info1
ExternalDocumentInfo2 string:1000 cuyg External Document Info2
ExternalDataSourceId reference cuy External Data Source ID -> ExternalDataSource ExternalDataSource/
Checksum string:50 ry Checksum
IsMajorVersion boolean cy Major Version = *true
IsAssetEnabled boolean cyf Asset File Enabled
`,
	before: beforeContentVersion,
	after:  afterContentVersion,
}
