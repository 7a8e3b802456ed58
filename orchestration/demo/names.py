"""Invented people. First and family names that live in Essex, some with letters that only the right encoding keeps.

Every letter exists in Windows-1252, because one hospital's system knows no other.
"""

from __future__ import annotations

from orchestration.demo.table import listed

FAMILY = {
    "White": listed(
        "Abbott Adams Allen Bailey Baker Barnes Beaumont Bennett Brown Bürgess Butler Carter Chapman Clarke Cole "
        "Collins Cook Cooper Cox Cullen Curtis Davies Dawson Dixon Drake Edwards Ellis Evans Farrow Fisher "
        "Fletcher Foster Freeman Gardiner Gibson Goldsmith Goodwin Graves Green Griffiths Hadleigh Hall Harris "
        "Hart Harvey Hayward Hill Holland Howard Hughes Hunt Jackson Jarvis Jenkins Johnson Jones Jordan Kemp "
        "Kerr King Knight Lambert Lawson Lee Lewis Lodge Lowe Marsh Mason Matthews Mercer Mills Moore Morgan "
        "Murphy Newman Nightingale Norris O'Brien O'Connor Osborne Palmer Parker Payne Pearce Perry Phillips "
        "Pope Porter Potter Powell Price Quinn Reed Reynolds Richards Roberts Robinson Rogers Rowe Russell Ryan "
        "Saunders Scott Sewell Sharp Shaw Simmons Skinner Smith Spencer Stevens Stone Sutton Taylor Thompson "
        "Thorpe Tucker Turner Vaughan Wade Walker Ward Warner Watson Webb Wells West White Wilkinson Williams "
        "Wood Wright Young Müller Nuñez García Kovac-Hill Nováková Šimek Žák Lefèvre Brontë Gonçalves Popescu "
        "Ionescu Kowalski Nowak Zielinska Petrov"
    ),
    "Asian": listed(
        "Ahmed Akhtar Ali Begum Bhatt Chaudhry Chowdhury Das Desai Gupta Hussain Iqbal Islam Joshi Kaur Khan "
        "Kumar Malik Mehta Miah Mistry Nair Patel Rahman Rao Shah Sharma Sheikh Silva Singh Thapa Uddin Varghese "
        "Verma"
    ),
    "Black": listed(
        "Abiola Acheampong Adebayo Adeyemi Agyeman Akinola Amadi Asante Balogun Bangura Boateng Campbell Danso "
        "Diallo Eze Francis Grant Ibrahim Jallow Kamara Mensah Ndlovu Nkrumah Nwosu Obi Ogunleye Okafor Okeke "
        "Oladipo Osei Owusu Sesay Traoré Williams"
    ),
    "Mixed": listed(
        "Alexander Bailey Brown Campbell Carter Daniels Francis Grant James Johnson Khan King Lewis Martin "
        "Mitchell Okafor Patel Reid Roberts Singh Smith Stewart Taylor Thomas Thompson Walker Williams Wilson "
        "Wright Zoë-Lane"
    ),
    "Other": listed(
        "Abbas Ali Al-Amin Aziz Chan Chen Cheung Demir Farah Hassan Hosseini Huang Karimi Lam Lau Li Lin Liu "
        "Mahmoud Mustafa Ng Nguyên Özkaya Rahimi Salih Tan Tran Wang Wong Yilmaz Zhang"
    ),
}
GIVEN = {
    "1": {
        "White": listed(
            "Adam Aidan Albert Alfie Andrew Anthony Archie Arthur Barry Benjamin Brian Callum Charles "
            "Christopher Colin Craig Daniel David Dean Dennis Derek Dylan Edward Eric Finlay François Frank "
            "Frederick Gareth Gary George Graham Harry Henry Ian Jack Jacob James Jamie Jason John Jonathan "
            "Joseph José Joshua Kevin Kieran Leo Lewis Liam Louis Luke Mark Martin Matthew Michael Nathan Neil "
            "Nicholas Noah Oliver Oscar Patrick Paul Peter Philip Ralph Raymond Reggie René Richard Robert Roger "
            "Ronald Ross Roy Ryan Samuel Sean Simon Stanley Stephen Steven Terence Thomas Timothy Tobias Tony "
            "Trevor Vincent Walter William"
        ),
        "Asian": listed(
            "Aarav Abdul Ahmed Amir Arjun Asif Bilal Deepak Faisal Farhan Hamza Harpreet Imran Irfan Kamal Karan "
            "Mohammed Naveed Nikhil Pritesh Rahul Rajesh Ravi Rohan Sanjay Shahid Sunil Tariq Vijay Vikram Yusuf"
        ),
        "Black": listed(
            "Abdoulaye Ade Andre Chidi Chukwuma Daniel David Ebenezer Emeka Emmanuel Femi Gabriel Isaac Jerome "
            "Kelvin Kofi Kwame Leroy Malik Michael Olu Samuel Segun Tunde Winston Yaw"
        ),
    },
    "2": {
        "White": listed(
            "Abigail Alice Amanda Amelia Amy Andrea Angela Ann Ava Barbara Beryl Beth Brenda Brónagh Carol "
            "Caroline Catherine Charlotte Chloë Christine Claire Daisy Daphne Dawn Deborah Diane Doreen Dorothy "
            "Eileen Eleanor Elizabeth Ella Emily Emma Erin Evelyn Fiona Florence Freya Gemma Georgia Grace "
            "Hannah Harriet Hazel Heather Helen Holly Irene Isabella Isla Jacqueline Jane Janet Jean Jennifer "
            "Jessica Joan Joanne Josephine Joyce Julie Karen Katie Kelly Laura Lauren Leanne Lily Linda Lisa "
            "Lucy Margaret Maria Marie Martha Mary Maureen Megan Michelle Millie Molly Nancy Natalie Nicola "
            "Noëlle Olivia Pamela Patricia Pauline Phoebe Poppy Rachel Rebecca Renée Rose Rosie Ruby Ruth Sally "
            "Samantha Sandra Sarah Sharon Sheila Shirley Siân Sophie Stacey Stella Susan Sylvia Tanya Teresa "
            "Tracey Valerie Vera Victoria Wendy Yvonne Zoë"
        ),
        "Asian": listed(
            "Aaliyah Aisha Amina Anjali Anita Asha Ayesha Deepa Fatima Farzana Geeta Harleen Hina Jasmin Kavita "
            "Khadija Manpreet Maryam Meera Nadia Nasreen Neha Pooja Priya Rani Reena Rukhsana Sabina Shabana "
            "Simran Sunita Zainab"
        ),
        "Black": listed(
            "Abena Adaeze Aisha Akua Ama Amara Blessing Chiamaka Comfort Ebele Efua Esther Faith Fatou Folake "
            "Funmi Gloria Grace Ife Joy Mariama Mercy Naomi Ngozi Patience Precious Ruth Sade Temi Yaa"
        ),
    },
}

# What people are called. The hub's own list (seeds/linkage_nickname.csv) does not know all of it.
SHORT = {
    "Abdul": ("Abdu",),
    "Abigail": (
        "Abbie",
        "Abi",
        "Gail",
    ),
    "Ahmed": ("Ahmad",),
    "Aisha": (
        "Ayesha",
        "Aysha",
    ),
    "Albert": (
        "Alby",
        "Bert",
        "Bertie",
    ),
    "Amanda": ("Mandy",),
    "Andrew": (
        "Andy",
        "Drew",
    ),
    "Angela": (
        "Ange",
        "Angie",
    ),
    "Ann": (
        "Anna",
        "Anne",
        "Annie",
    ),
    "Anthony": ("Tony",),
    "Arthur": (
        "Art",
        "Artie",
    ),
    "Barbara": (
        "Babs",
        "Barb",
    ),
    "Benjamin": (
        "Ben",
        "Benji",
        "Benny",
    ),
    "Caroline": (
        "Carrie",
        "Caz",
    ),
    "Catherine": (
        "Cath",
        "Cathy",
        "Kate",
        "Katherine",
        "Kathryn",
        "Katie",
        "Kitty",
    ),
    "Charles": (
        "Charlie",
        "Chas",
    ),
    "Charlotte": ("Lottie",),
    "Christine": (
        "Chrissie",
        "Tina",
    ),
    "Christopher": (
        "Chris",
        "Kit",
    ),
    "Chukwuma": ("Chuks",),
    "Daniel": (
        "Dan",
        "Danny",
    ),
    "David": (
        "Dave",
        "Davey",
    ),
    "Deborah": (
        "Debbie",
        "Debra",
        "Debs",
    ),
    "Derek": ("Del",),
    "Diane": (
        "Di",
        "Diana",
    ),
    "Dorothy": (
        "Dolly",
        "Dot",
        "Dottie",
        "Dotty",
    ),
    "Edward": (
        "Ed",
        "Eddie",
        "Ted",
        "Teddy",
    ),
    "Eleanor": (
        "Ellie",
        "Nell",
        "Nora",
    ),
    "Elizabeth": (
        "Beth",
        "Betsy",
        "Betty",
        "Eliza",
        "Libby",
        "Liz",
        "Lizzie",
    ),
    "Emily": (
        "Em",
        "Emmy",
    ),
    "Emmanuel": ("Manny",),
    "Fatima": ("Fatma",),
    "Florence": (
        "Flo",
        "Florrie",
    ),
    "Frederick": (
        "Fred",
        "Freddie",
    ),
    "Gabriel": ("Gabe",),
    "Georgia": ("Georgie",),
    "Graham": ("Gray",),
    "Harriet": ("Hattie",),
    "Henry": (
        "Hal",
        "Harry",
    ),
    "Isaac": ("Zac",),
    "Isabella": (
        "Bella",
        "Izzy",
    ),
    "Jacob": ("Jake",),
    "Jacqueline": (
        "Jackie",
        "Jacqui",
    ),
    "James": (
        "Jim",
        "Jimmy",
    ),
    "Jane": (
        "Janey",
        "Janie",
    ),
    "Jennifer": (
        "Jen",
        "Jenny",
    ),
    "Jessica": (
        "Jess",
        "Jessie",
    ),
    "Joan": ("Joanie",),
    "John": (
        "Johnny",
        "Jon",
    ),
    "Jonathan": ("Jonny",),
    "Joseph": (
        "Joe",
        "Joey",
    ),
    "Josephine": (
        "Jo",
        "Josie",
    ),
    "Joshua": ("Josh",),
    "Khadija": ("Khadijah",),
    "Lucy": (
        "Lu",
        "Lulu",
    ),
    "Manpreet": ("Mani",),
    "Margaret": (
        "Maggie",
        "Marge",
        "Meg",
        "Peggy",
    ),
    "Mary": (
        "May",
        "Polly",
    ),
    "Maryam": (
        "Mariam",
        "Miriam",
    ),
    "Matthew": ("Matt",),
    "Michael": (
        "Mick",
        "Mickey",
        "Mike",
    ),
    "Michelle": ("Shelly",),
    "Mohammed": (
        "Mo",
        "Mohamed",
        "Mohammad",
        "Mohd",
        "Muhammad",
    ),
    "Natalie": ("Nat",),
    "Nathan": ("Nate",),
    "Nicholas": (
        "Nick",
        "Nicky",
    ),
    "Nicola": ("Nikki",),
    "Oliver": (
        "Ollie",
        "Olly",
    ),
    "Olivia": (
        "Liv",
        "Livvy",
    ),
    "Pamela": ("Pam",),
    "Patricia": (
        "Patsy",
        "Tricia",
        "Trish",
        "Tish",
    ),
    "Patrick": (
        "Paddy",
        "Pat",
    ),
    "Pauline": ("Paula",),
    "Peter": ("Pete",),
    "Philip": ("Phil",),
    "Raymond": ("Ray",),
    "Rebecca": (
        "Becca",
        "Becky",
    ),
    "Richard": (
        "Dick",
        "Richie",
        "Rick",
        "Ricky",
    ),
    "Robert": (
        "Bob",
        "Bobby",
        "Rob",
        "Robbie",
    ),
    "Ronald": (
        "Ron",
        "Ronnie",
    ),
    "Rosie": ("Rose",),
    "Rukhsana": ("Ruksana",),
    "Samuel": (
        "Sam",
        "Sammy",
    ),
    "Sarah": ("Sadie",),
    "Sharon": ("Shaz",),
    "Sophie": (
        "Soph",
        "Sophia",
    ),
    "Stanley": ("Stan",),
    "Stephen": (
        "Steve",
        "Steven",
        "Stevie",
    ),
    "Sunil": ("Sunny",),
    "Susan": (
        "Sue",
        "Susie",
    ),
    "Terence": ("Terry",),
    "Teresa": (
        "Tess",
        "Theresa",
    ),
    "Thomas": (
        "Tom",
        "Tommy",
    ),
    "Timothy": ("Tim",),
    "Trevor": ("Trev",),
    "Valerie": ("Val",),
    "Victoria": (
        "Tori",
        "Vicki",
        "Vicky",
    ),
    "Vikram": ("Vik",),
    "Vincent": ("Vince",),
    "Walter": (
        "Wally",
        "Walt",
    ),
    "William": (
        "Bill",
        "Billy",
        "Will",
        "Willie",
    ),
    "Yusuf": (
        "Yousef",
        "Youssef",
        "Yusef",
    ),
    "Zainab": ("Zaynab",),
}
