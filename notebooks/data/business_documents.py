"""Make business_documents.zip, 60 invoices and contracts, and their truth as JSON.

    python notebooks/data/business_documents.py [FOLDER]

Firms, goods and amounts are made up from a seed. A third of the documents is clean, a
third crowded with other numbers and dates, a third has labels as after a poor scan; the
values themselves are never damaged. Ten are PDF files. Of each field the JSON holds the
value and the words of the document that say it.
"""

import io
import random
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from fetch import save_bytes, save_json
from reportlab.pdfgen.canvas import Canvas

SEED = 3
INVOICES, CONTRACTS = 40, 20
NOISE = ("clean", "crowded", "scanned")
FIRMS = (
    *("Alder & Finch Ltd", "Corvid Software B.V.", "Harbour Lane Dairy", "Quill Paper"),
    *("Norrland Timber AB", "Tidewater Cranes Inc", "Saffron Kitchens Ltd"),
    *("Blue Kiln Ceramics", "Weaver Textiles GmbH", "Orchard Street Dental"),
    *("Lumen Lighting SA", "Cobalt Freight Co", "Pike Street Brewing"),
    *("Marlow Printworks", "Juniper Analytics", "Granite Peak Tours"),
)
GOODS = (
    *("Oak desk", "Desk lamp", "Steel shelf 180 cm", "Office chair", "Packing paper"),
    *(
        "Label printer",
        "Toner cartridge",
        "Water filter",
        "Safety helmet",
        "Cable drum",
    ),
    *("Glazed tile box", "Linen roll", "Courier bag", "Pallet wrap", "Wall clock"),
)
SERVICES = (
    *(
        "the cleaning of its offices",
        "the upkeep of its lifts",
        "the hosting of its site",
    ),
    *("the transport of its goods", "the training of its staff", "night security"),
)
COUNTRIES = ("Ireland", "Sweden", "the Netherlands", "Singapore", "Canada")
CURRENCIES = ("EUR", "GBP", "USD", "CNY")
#: What a poor scan makes of letters in labels.
MISREAD = {"I": "l", "m": "rn", "l": "1", "o": "0", "e": "c"}


@dataclass
class Document:
    """A document as it is written: its lines, its values and where they are said."""

    file: str
    kind: str
    noise: str
    chance: random.Random
    lines: list[str] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)
    quotes: dict[str, str] = field(default_factory=dict)

    def write(self, label: str, text: str = "", **values: Any) -> None:
        """Add a line, and the values that it says."""
        line = f"{self.label(label)}{text}"
        self.lines.append(line)
        self.values |= values
        self.quotes |= dict.fromkeys(values, line)

    def crowd(self, *lines: str) -> None:
        """Add lines that say nothing which is asked, to a crowded document."""
        if self.noise == "crowded":
            self.lines += lines

    def label(self, text: str) -> str:
        """Return a label, with misread letters in a scanned document."""
        if self.noise != "scanned":
            return text
        return "".join(
            MISREAD[sign] if sign in MISREAD and self.chance.random() < 0.3 else sign
            for sign in text
        )


def money(cents: int) -> str:
    return f"{cents // 100:,}.{cents % 100:02}"


def day(value: date) -> str:
    return f"{value.day} {value:%B %Y}"


def percent_of(cents: int, percent: int) -> int:
    share = Decimal(cents * percent) / 100
    return int(share.quantize(Decimal(1), ROUND_HALF_UP))


def invoice(document: Document, number: str) -> None:
    chance, write = document.chance, document.write
    seller, buyer, other = chance.sample(FIRMS, 3)
    currency = chance.choice(CURRENCIES)
    issued = date(2025, 1, 2) + timedelta(chance.randrange(330))
    due = issued + timedelta(chance.choice((14, 30, 45, 60)))
    write("", seller, seller=seller)
    write("INVOICE")
    write("Invoice number: ", number, number=number)
    document.crowd(
        f"Order PO-{chance.randrange(100, 999)} of {day(issued - timedelta(19))}",
        f"Last invoice: I-{chance.randrange(1000, 3000)} of "
        f"{day(issued - timedelta(34))}, {currency} "
        f"{money(chance.randrange(20_000, 900_000))}, paid",
    )
    write("Invoice date: ", day(issued), date=str(issued))
    write("Payment due: ", day(due), due=str(due))
    write("Bill to: ", buyer, buyer=buyer)
    document.crowd(f"Deliver to: {other}, gate {chance.randrange(1, 9)}")
    net = goods(document)
    tax = percent_of(net, percent := chance.choice((5, 19, 20, 21)))
    document.crowd(f"Items on back order, not billed: {money(net // 3)}")
    write("Net amount: ", f"{currency} {money(net)}", net=net / 100, currency=currency)
    write(f"VAT {percent} %: ", f"{currency} {money(tax)}", tax=tax / 100)
    write("Total payable: ", f"{currency} {money(net + tax)}", total=(net + tax) / 100)
    document.crowd(
        f"A discount of 2 % is granted for payment by {day(issued + timedelta(7))}.",
        "Goods stay ours until they are paid in full.",
    )


def goods(document: Document) -> int:
    """Write the lines of an invoice; return their sum in cents."""
    chance, gap = document.chance, "   " if document.noise == "scanned" else " | "
    head = ("Description", "Quantity", "Unit price", "Amount")
    document.write(gap.join(head))
    lines, total, first = [], 0, len(document.lines)
    for name in chance.sample(GOODS, chance.randint(2, 5)):
        count, price = chance.randint(1, 24), chance.randrange(450, 60_000, 5)
        cells = (name, str(count), money(price), money(count * price))
        document.write("", gap.join(cells))
        total += count * price
        lines.append(
            {
                "description": name,
                "quantity": count,
                "price": price / 100,
                "amount": count * price / 100,
            }
        )
    document.values["lines"] = lines
    document.quotes["lines"] = "\n".join(document.lines[first:])
    return total


def contract(document: Document, number: str) -> None:
    chance, write = document.chance, document.write
    client, supplier = chance.sample(FIRMS, 2)
    currency, law = chance.choice(CURRENCIES), chance.choice(COUNTRIES)
    start = date(2025, chance.randint(1, 12), 1)
    years = chance.randint(1, 4)
    end = date(start.year + years, start.month, 1) - timedelta(1)
    fee = chance.randrange(80_000, 1_200_000, 2_500)
    notice = chance.choice((45, 60, 90, 120))
    write("SERVICE AGREEMENT No. ", number, number=number)
    write("The Client: ", client, client=client)
    write("The Supplier: ", supplier, supplier=supplier)
    document.crowd(
        f"This agreement replaces C-{chance.randrange(1000, 3000)}, which began on "
        f"{day(start.replace(year=start.year - 3))}",
        f"and whose monthly fee was {currency} {money(fee * 9 // 10)}.",
    )
    write("1. Services. ", f"The Supplier provides {chance.choice(SERVICES)}.")
    term = f"The agreement begins on {day(start)} and ends on {day(end)}."
    write("2. Term. ", term, start=str(start), end=str(end))
    document.crowd("A review is held six months before the end.")
    write(
        "3. Fee. ",
        f"The Client pays a monthly fee of {currency} {money(fee)}, plus tax.",
        fee=fee / 100,
        currency=currency,
    )
    document.crowd(
        "Invoices are paid within 30 days. After 15 days of delay the rate is 8 %."
    )
    write(
        "4. Notice. ",
        f"Either party may end it with {notice} days' notice in writing.",
        notice=notice,
    )
    most = fee * chance.choice((6, 12, 24))
    write(
        "5. Liability. ",
        f"The liability of each party is limited to {currency} {money(most)} a year.",
        liability=most / 100,
    )
    document.crowd(
        f"Insurance of {currency} {money(most * 3)} a year is kept by the Supplier."
    )
    write("6. Law. ", f"The law of {law} governs this agreement.", law=law)
    document.crowd("Disputes between firms of Norway and Malta go to arbitration.")


def pdf(document: Document) -> bytes:
    """Return a document as a PDF file, the clauses of a contract from page 2 on."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(595, 842), invariant=1, pageCompression=0)
    top = 770
    for line in document.lines:
        if document.kind == "contract" and line.startswith("3."):
            canvas.showPage()
            top = 770
        canvas.setFont("Helvetica", 11)
        for at, cell in enumerate(line.split(" | ")):
            canvas.drawString(70 + 130 * at, top, cell)
        top -= 20
    canvas.save()
    return buffer.getvalue()


def written(place: int) -> Document:
    """Return the document at a place: 40 invoices, then 20 contracts."""
    chance = random.Random(f"{SEED}:{place}")
    kind = "invoice" if place < INVOICES else "contract"
    ending = "pdf" if place % 6 == place // 6 % 6 else "txt"
    document = Document(
        f"{kind}_{place + 1:02}.{ending}", kind, NOISE[place % 3], chance
    )
    number = f"{kind[0].upper()}-{3000 + 37 * place + chance.randrange(37)}"
    write: Callable[[Document, str], None] = invoice if kind == "invoice" else contract
    write(document, number)
    return document


def main() -> None:
    documents = [written(place) for place in range(INVOICES + CONTRACTS)]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for one in documents:
            text = "\n".join(one.lines) + "\n"
            body = pdf(one) if one.file.endswith(".pdf") else text.encode()
            archive.writestr(zipfile.ZipInfo(one.file, (2025, 1, 1, 0, 0, 0)), body)
    save_bytes(__file__, ".zip", buffer.getvalue())
    save_json(
        __file__,
        [
            {
                "file": one.file,
                "kind": one.kind,
                "noise": one.noise,
                "values": one.values,
                "quotes": one.quotes,
            }
            for one in documents
        ],
    )


if __name__ == "__main__":
    main()
