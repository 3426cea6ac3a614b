package standard

// Picklist values that several objects share.

const industries = "Agriculture|Apparel|Banking|Biotechnology|Chemicals|Communications|Construction|Consulting|Education|Electronics|Energy|Engineering|Entertainment|Environmental|Finance|Food & Beverage|Government|Healthcare|Hospitality|Insurance|Machinery|Manufacturing|Media|Not For Profit|Recreation|Retail|Shipping|Technology|Telecommunications|Transportation|Utilities|Other"

const leadSources = "Web|Phone Inquiry|Partner Referral|Purchased List|Other"

const cleanStatuses = "Matched=In Sync|Different|Acknowledged=Reviewed|NotFound=Not Found|Inactive|Pending=Not Compared|SelectMatch=Select Match|Skipped"

const salutations = "Mr.|Ms.|Mrs.|Dr.|Prof.|Mx."

const geocodeAccuracies = "Address|NearAddress=Near Address|Block|Street|ExtendedZip=Extended Zip|Zip|Neighborhood|City|County|State|Unknown"

const forecastCategories = "Omitted|Pipeline|BestCase=Best Case|MostLikely=Most Likely|Forecast=Commit|Closed"

const contactRoles = "Business User|Decision Maker|Economic Buyer|Economic Decision Maker|Evaluator|Executive Sponsor|Influencer|Technical Buyer|Other"

const timeZones = "Australia/Sydney=(GMT+10:00) Australian Eastern Standard Time (Australia/Sydney)|Asia/Tokyo=(GMT+09:00) Japan Standard Time (Asia/Tokyo)|Asia/Singapore=(GMT+08:00) Singapore Standard Time (Asia/Singapore)|" +
	"Asia/Kolkata=(GMT+05:30) India Standard Time (Asia/Kolkata)|Europe/Berlin=(GMT+02:00) Central European Summer Time (Europe/Berlin)|Europe/Madrid=(GMT+02:00) Central European Summer Time (Europe/Madrid)|" +
	"Europe/Paris=(GMT+02:00) Central European Summer Time (Europe/Paris)|Europe/London=(GMT+01:00) British Summer Time (Europe/London)|GMT=(GMT+00:00) Greenwich Mean Time (GMT)|America/Sao_Paulo=(GMT-03:00) Brasilia Standard Time (America/Sao_Paulo)|" +
	"America/New_York=(GMT-04:00) Eastern Daylight Time (America/New_York)|America/Chicago=(GMT-05:00) Central Daylight Time (America/Chicago)|America/Los_Angeles=(GMT-07:00) Pacific Daylight Time (America/Los_Angeles)"

const locales = "zh_CN=Chinese (China)|en_GB=English (United Kingdom)|en_US=English (United States)|fr_FR=French (France)|de_DE=German (Germany)|it_IT=Italian (Italy)|ja_JP=Japanese (Japan)|ko_KR=Korean (South Korea)|pt_BR=Portuguese (Brazil)|es_ES=Spanish (Spain)|sv_SE=Swedish (Sweden)"

const languages = "en_US=English|de=German|es=Spanish|fr=French|it=Italian|ja=Japanese|sv=Swedish|ko=Korean|zh_TW=Chinese (Traditional)|zh_CN=Chinese (Simplified)|pt_BR=Portuguese (Brazilian)|nl_NL=Dutch|da=Danish|th=Thai|fi=Finnish|ru=Russian"

const encodings = "UTF-8=Unicode (UTF-8)|ISO-8859-1=General US & Western Europe (ISO-8859-1, ISO-LATIN-1)|Shift_JIS=Japanese (Shift-JIS)|ISO-2022-JP=Japanese (JIS)|EUC-JP=Japanese (EUC)|ks_c_5601-1987=Korean (ks_c_5601-1987)|Big5=Traditional Chinese (Big5)|GB2312=Simplified Chinese (GB2312)|Big5-HKSCS=Traditional Chinese Hong Kong (Big5-HKSCS)|x-SJIS_0213=Japanese (Shift-JIS_2004)"

const userTypes = "+Standard|PowerPartner=Partner|PowerCustomerSuccess=Customer Portal Manager|CustomerSuccess=Customer Portal User|Guest|CspLitePortal=High Volume Portal|CsnOnly=CSN Only|SelfService=Self Service|AutomatedProcess=Automated Process|CloudIntegrationUser=Cloud Integration User"

const accessLevels = "None|Read|Edit|ControlledByLeadOrContact|ControlledByCampaign|ControlledByParent|ReadEditTransfer|All"

const recurrenceTypes = "RecursDaily=Recurs Daily|RecursEveryWeekday=Recurs Every Weekday|RecursMonthly=Recurs Monthly|RecursMonthlyNth=Recurs Monthly Nth|RecursWeekly=Recurs Weekly|RecursYearly=Recurs Yearly|RecursYearlyNth=Recurs Yearly Nth"

const recurrenceInstances = "First=1st|Second=2nd|Third=3rd|Fourth=4th|Last=last"

const months = "January|February|March|April|May|June|July|August|September|October|November|December"

const contractStatuses = "InApproval=In Approval Process|Activated|*Draft"

const countryCodes = "AU=Australia|BR=Brazil|CA=Canada|CN=China|FR=France|DE=Germany|IN=India|IT=Italy|JP=Japan|MX=Mexico|ES=Spain|SE=Sweden|CH=Switzerland|GB=United Kingdom|US=United States"

const stateCodes = "AL=Alabama|AZ=Arizona|CA=California|CO=Colorado|FL=Florida|GA=Georgia|IL=Illinois|MA=Massachusetts|MI=Michigan|NJ=New Jersey|NY=New York|NC=North Carolina|OH=Ohio|OR=Oregon|PA=Pennsylvania|TX=Texas|UT=Utah|VA=Virginia|WA=Washington"

const currencies = "*USD=U.S. Dollar|EUR=Euro|GBP=British Pound|JPY=Japanese Yen|CHF=Swiss Franc|SEK=Swedish Krona|BRL=Brazilian Real|INR=Indian Rupee|AUD=Australian Dollar|CAD=Canadian Dollar"

// What notes, attachments, files and activities may hang on.
const (
	activityTargets = "Account,Campaign,Case,Contract,Opportunity,Product2"
	noteTargets     = "Account,Campaign,Case,Contact,Contract,Lead,Opportunity,Product2"
	fileTargets     = activityTargets + ",Contact,Event,Lead,Task"
	linkTargets     = fileTargets + ",Group,Organization,User"
	typedObjects    = "Account|Campaign|CampaignMember|Case|Contact|Contract|Event|Lead|Opportunity|Pricebook2|Product2|Task"
	queueObjects    = "Case|Lead|Task"
)
