"""Cities that simulated citizens live in: names as people type them, rounded positions. Data only, public
knowledge.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class City:
    """A city; `hint` is how a person recognises it among candidates of the same name (its country)."""

    name: str
    country: str
    hint: str
    lat: float
    lon: float


CITIES: tuple[City, ...] = (
    City("Reykjavik", "IS", "Iceland", 64.147, -21.94),
    City("Akureyri", "IS", "Iceland", 65.684, -18.09),
    City("Bangkok", "TH", "Thailand", 13.754, 100.501),
    City("Chiang Mai", "TH", "Thailand", 18.79, 98.985),
    City("Khon Kaen", "TH", "Thailand", 16.44, 102.83),
    City("Hanoi", "VN", "Vietnam", 21.028, 105.854),
    City("Da Nang", "VN", "Vietnam", 16.068, 108.212),
    City("Jakarta", "ID", "Indonesia", -6.208, 106.846),
    City("Surabaya", "ID", "Indonesia", -7.249, 112.751),
    City("Yangon", "MM", "Myanmar", 16.805, 96.156),
    City("Mandalay", "MM", "Myanmar", 21.975, 96.084),
    City("Vientiane", "LA", "Laos", 17.966, 102.6),
    City("Phnom Penh", "KH", "Cambodia", 11.556, 104.928),
    City("Kuala Lumpur", "MY", "Malaysia", 3.141, 101.687),
    City("Manila", "PH", "Philippines", 14.604, 120.982),
    City("Tokyo", "JP", "Japan", 35.69, 139.692),
    City("Osaka", "JP", "Japan", 34.694, 135.502),
    City("Seoul", "KR", "Korea", 37.566, 126.978),
    City("Kathmandu", "NP", "Nepal", 27.702, 85.321),
    City("New Delhi", "IN", "India", 28.636, 77.224),
    City("Istanbul", "TR", "Turkey", 41.014, 28.95),
    City("Beirut", "LB", "Lebanon", 33.894, 35.502),
    City("Cairo", "EG", "Egypt", 30.063, 31.25),
    City("Nairobi", "KE", "Kenya", -1.283, 36.817),
    City("Lagos", "NG", "Nigeria", 6.454, 3.395),
    City("Johannesburg", "ZA", "South Africa", -26.202, 28.044),
    City("Athens", "GR", "Greece", 37.984, 23.728),
    City("Rome", "IT", "Italy", 41.892, 12.511),
    City("Berlin", "DE", "Germany", 52.524, 13.411),
    City("Paris", "FR", "France", 48.853, 2.349),
    City("Madrid", "ES", "Spain", 40.417, -3.703),
    City("Warsaw", "PL", "Poland", 52.23, 21.012),
    City("Oslo", "NO", "Norway", 59.913, 10.746),
    City("Mexico City", "MX", "Mexico", 19.428, -99.128),
    City("Bogota", "CO", "Colombia", 4.61, -74.082),
    City("Lima", "PE", "Peru", -12.043, -77.028),
    City("Santiago", "CL", "Chile", -33.457, -70.648),
    City("Sydney", "AU", "Australia", -33.868, 151.207),
    City("Auckland", "NZ", "New Zealand", -36.849, 174.763),
)

COUNTRIES: dict[str, str] = {city.country: city.hint for city in CITIES if city.country != "KR"} | {
    "KR": "South Korea"
}
