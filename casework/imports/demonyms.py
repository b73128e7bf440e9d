"""What the people of each state are called in English, as lists write it for a nationality."""

from typing import Final

_WORDS: Final = """
AFG afghan; ALB albanian; DZA algerian; AND andorran; AGO angolan; ATG antiguan; ARG argentine
argentinian; ARM armenian; AUS australian; AUT austrian; AZE azerbaijani azeri; BHS bahamian; BHR
bahraini; BGD bangladeshi; BRB barbadian; BLR belarusian belarussian; BEL belgian; BLZ belizean; BEN
beninese; BTN bhutanese; BOL bolivian; BIH bosnian; BWA motswana botswanan; BRA brazilian; BRN
bruneian; BGR bulgarian; BFA burkinabe; MMR burmese myanmarese; BDI burundian; KHM cambodian; CMR
cameroonian; CAN canadian; CPV cabo_verdean cape_verdean; CAF central_african; TCD chadian; CHL
chilean; CHN chinese; COL colombian; COM comorian; CRI costa_rican; CIV ivorian; HRV croatian; CUB
cuban; CYP cypriot; CZE czech; DNK danish; DJI djiboutian; TLS timorese east_timorese; ECU
ecuadorian ecuadorean; EGY egyptian; SLV salvadoran salvadorian; GNQ equatorial_guinean; ERI
eritrean; EST estonian; SWZ swazi; ETH ethiopian; FJI fijian; FIN finnish; FRA french; GAB gabonese;
GMB gambian; GEO georgian; DEU german; GHA ghanaian; GRC greek hellenic; GRD grenadian; GTM
guatemalan; GIN guinean; GNB bissau_guinean; GUY guyanese; HTI haitian; HND honduran; HKG hongkonger
hong_konger; HUN hungarian; ISL icelandic; IND indian; IDN indonesian; IRN iranian; IRQ iraqi; IRL
irish; ISR israeli; ITA italian; JAM jamaican; JPN japanese; JOR jordanian; KAZ kazakh kazakhstani;
KEN kenyan; KIR i_kiribati; KWT kuwaiti; KGZ kyrgyz kyrgyzstani; LAO lao laotian; LVA latvian; LBN
lebanese; LSO basotho mosotho; LBR liberian; LBY libyan; LIE liechtensteiner; LTU lithuanian; LUX
luxembourgish luxembourger; MDG malagasy; MWI malawian; MYS malaysian; MDV maldivian; MLI malian;
MLT maltese; MHL marshallese; MRT mauritanian; MUS mauritian; MEX mexican; FSM micronesian; MDA
moldovan; MCO monegasque; MNG mongolian; MNE montenegrin; MAR moroccan; MOZ mozambican; NAM
namibian; NRU nauruan; NPL nepali nepalese; NLD dutch netherlander; NZL new_zealander kiwi; NIC
nicaraguan; NER nigerien; NGA nigerian; PRK north_korean; MKD macedonian north_macedonian; NOR
norwegian; OMN omani; PAK pakistani; PLW palauan; PSE palestinian; PAN panamanian; PNG
papua_new_guinean papuan; PRY paraguayan; PER peruvian; PHL filipino filipina philippine; POL
polish; PRT portuguese; PRI puerto_rican; QAT qatari; ROU romanian; RUS russian; RWA rwandan; LCA
saint_lucian; WSM samoan; SMR sammarinese; SAU saudi saudi_arabian; SEN senegalese; SRB serbian; SYC
seychellois; SLE sierra_leonean; SGP singaporean; SVK slovak; SVN slovenian slovene; SLB
solomon_islander; SOM somali; ZAF south_african; KOR south_korean; SSD south_sudanese; ESP spanish
spaniard; LKA sri_lankan; SDN sudanese; SUR surinamese; SWE swedish; CHE swiss; SYR syrian; TWN
taiwanese; TJK tajik tajikistani; TZA tanzanian; THA thai; TGO togolese; TON tongan; TTO trinidadian
tobagonian; TUN tunisian; TUR turkish; TKM turkmen turkmenistani; TUV tuvaluan; UGA ugandan; UKR
ukrainian; ARE emirati; GBR british briton english scottish welsh; USA american; URY uruguayan; UZB
uzbek uzbekistani; VUT ni_vanuatu vanuatuan; VEN venezuelan; VNM vietnamese; YEM yemeni; ZMB
zambian; ZWE zimbabwean; RKS kosovar kosovan
"""


def _read() -> dict[str, str]:
    groups = (group.split() for group in _WORDS.split(";"))
    return {word.replace("_", " "): code for code, *words in groups for word in words}


DEMONYMS: Final = _read()
"""Codes of states by what their people are called; words of several states are left out."""
